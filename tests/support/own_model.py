"""The documentation's recipe for a base model of one's own, as a module that is made known."""

import re
import textwrap
from pathlib import Path

RECIPE = Path(__file__).parents[2] / "docs" / "experiments.md"
MODULE, NAME = "own_model", "mean"
"""The module that is written, and the base model in it; its option is `mean_shrinkage`."""


def recipe() -> str:
    """The model's code as the documentation shows it."""
    page = RECIPE.read_text(encoding="utf-8")
    block = re.search(r'(?ms)^    """The mean rating of each item.*?(?=^\S)', page)
    if block is None:
        raise LookupError(f"{RECIPE} shows no base model")
    return textwrap.dedent(block[0])


def write_own_model(folder: Path, *, folds_in: bool = True) -> dict[str, str]:
    """Write the module; gives the environment in which a command knows it, without PYTHONPATH.

    The folder must be on the path too: `PYTHONPATH`, or `sys.path` in a test. A model that does
    not fold in is called `mean` as well.
    """
    code = recipe()
    if not folds_in:
        code = code.replace("fold_in(", "_with_people(")
    (folder / f"{MODULE}.py").write_text(code, encoding="utf-8")
    return {"PALATE_MODELS": MODULE}
