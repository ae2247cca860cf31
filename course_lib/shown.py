"""How a picture reaches a notebook: as a picture, with its alt text."""

import base64
import html

HEARD = "position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0)"


def show(picture: bytes, kind: str, alt: str, width: int | None = None) -> None:
    """Hands a notebook a PNG or JPEG with its alt text, `width` in CSS pixels.

    The alt text belongs into the metadata. JupyterLab does not look there, so the words follow once more, in a line
    that is heard and not seen; where a viewer removes styles, they stand below the picture.
    """
    from IPython.display import display

    mime = f"image/{kind}"
    about = {"alt": alt} if width is None else {"alt": alt, "width": width}
    data = {mime: base64.b64encode(picture).decode(), "text/plain": alt}
    display(data, metadata={mime: about}, raw=True)
    display({"text/html": f'<div style="{HEARD}">{html.escape(alt)}</div>', "text/plain": alt}, raw=True)
