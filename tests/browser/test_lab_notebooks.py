"""Every student notebook, opened in JupyterLab and run to its end as a student does."""

from pathlib import Path

import pytest
from jupyterlab_page import errors

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_all_cells_run_in_a_real_browser(lab, name):
    page = lab.open(f"notebooks/{name}.ipynb")
    outputs = lab.run_all(page)
    lab.screenshot(page, name)
    page.close()
    assert errors(outputs) == []
    assert any(outputs)
