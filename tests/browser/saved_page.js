// Stands in for the widgets' HTML manager, which lives on a CDN and in npm's packages: reads the saved state from the page
// and shows its widgets with the real anywidget bundle. A model without a kernel: saving throws here and is silent there, sending is lost.
(() => {
  const state = JSON.parse(document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]').textContent).state;

  class Model {
    initialize(attributes) { Object.assign(this, { attributes, heard: [] }); }
    get(name) { return this.attributes[name]; }
    set(name, value) {
      if (JSON.stringify(this.attributes[name]) === JSON.stringify(value)) return;
      this.attributes[name] = value;
      this.trigger(`change:${name}`);
    }
    on(name, callback, context) { this.heard.push({ name, callback, context }); }
    once(name, callback) { this.on(name, callback); }
    off(name, callback, context) {
      this.heard = this.heard.filter((one) => !((!name || one.name === name) && (!callback || one.callback === callback) && (!context || one.context === context)));
    }
    trigger(name, ...rest) { for (const one of [...this.heard]) if (one.name === name) one.callback.call(one.context, ...rest); }
    save_changes() { throw new Error("Syncing error: no comm channel defined"); }
    send() {}
  }

  class View {
    constructor(model, el) { Object.assign(this, { model, el, $el: { empty: () => el.replaceChildren() } }); }
    remove() {}
  }

  window.define = async (_names, factory) => {
    const { AnyModel, AnyView } = factory({ DOMWidgetModel: Model, DOMWidgetView: View });
    for (const script of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) {
      const saved = state[JSON.parse(script.textContent).model_id];
      const model = new AnyModel();
      model.initialize({ ...saved.state });
      await new AnyView(model, script.parentElement.appendChild(document.createElement("div"))).render();
    }
  };
  document.body.appendChild(Object.assign(document.createElement("script"), { src: "https://cdn.jsdelivr.net/npm/anywidget/dist/index.js" }));
})();
