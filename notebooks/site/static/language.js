// The words that scripts write, in the language of the page: what the catalogue knows is exchanged before it is painted.

course.speak = (words) => {
  const NUMBER = /\d+(?:,\d{3})*(?:\.\d+)?/g, ATTRIBUTES = ["alt", "aria-label", "aria-description", "aria-roledescription", "title", "placeholder"], CODE = /^(SCRIPT|STYLE|PRE|CODE)$/;

  function known(own) {
    if (Object.hasOwn(words, own)) return words[own];
    const numbers = own.match(NUMBER) ?? [];
    let at = 0;
    const template = own.replace(NUMBER, () => `{${at++}}`);
    return Object.hasOwn(words, template) ? words[template].replace(/\{(\d+)\}/g, (_, n) => numbers[n]) : null;
  }

  function spoken(text) { // as a whole, or sentence by sentence where widget.js has joined several
    const own = text.trim().replace(/\s+/g, " "), whole = known(own);
    if (whole !== null) return whole;
    const parts = own.split(/([.;:] |\.$)/), said = parts.map((part) => known(part) ?? known(`${part}.`)?.replace(/\.$/, "") ?? part);
    return said.some((part, i) => part !== parts[i]) ? said.join("") : text;
  }

  function visit(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const said = spoken(node.data);
      if (said !== node.data) node.data = said;
    } else if (node.nodeType === Node.ELEMENT_NODE && !CODE.test(node.tagName)) {
      attributes(node);
      node.childNodes.forEach(visit);
    }
  }

  function attributes(node) {
    for (const name of ATTRIBUTES) {
      const text = node.getAttribute(name), said = text && spoken(text);
      if (said !== text) node.setAttribute(name, said);
    }
  }

  const told = { childList: (one) => one.addedNodes.forEach(visit), characterData: (one) => visit(one.target), attributes: (one) => attributes(one.target) };
  new MutationObserver((seen) => seen.forEach((one) => told[one.type](one)))
    .observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
};
