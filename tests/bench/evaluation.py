"""The paper's whole P2 evaluation as a user runs it: cold, warm, and what each stage took."""

from pathlib import Path
from typing import Any

from tests.bench.given import COUNT, SEED, Given
from tests.bench.peers.surprise_loop import LOOPED_USERS
from tests.bench.runs import forget_results, run_palate
from tests.bench.stages import told_by_stage, units_of
from tests.support.fake_llm.handle import fake_llm

P2 = (
    *("evaluate", "--protocol", "split", "--seeds", 1, "--seed", SEED),
    *("--model", "svd", "--search-count", COUNT),
)
MAIN = f"split seed {SEED}"
WARM_TIMES = 2


def measured_evaluation(data: str, given: Given, folder: Path) -> dict[str, Any]:
    """Cold: a fresh home and process. Warm: a fresh process, and of the home the embeddings alone.

    Both start a Prefect server of their own. Warm is the faster of two.
    """
    home = folder / "evaluation"
    cold = run_palate(home, *P2, "--data", data)
    warm = []
    for _ in range(WARM_TIMES):
        forget_results(home)
        warm.append(run_palate(home, *P2, "--data", data))
    best = min(warm, key=lambda run: float(run["seconds"]))
    return {"cold": _told(cold, given), "warm": _told(best, given)}


def asked_evaluation(data: str, given: Given, folder: Path) -> dict[str, Any]:
    """What scoring a sample of users costs with a language model that answers at once."""
    asked = ("--scorer", "llm", "--llm-model", "fake-1", "--profile-writer", "composed")
    with fake_llm(folder / "fake") as fake:
        run = run_palate(
            *(folder / "asked", *P2, "--data", data, *asked, "--limit-users", LOOPED_USERS),
            *("--llm-base-url", fake.url),
            secrets={"OPENAI_API_KEY": "none"},
        )
        requests = len(fake.calls())
    units = units_of(run, given.ratings.height, LOOPED_USERS, given.svd.items.size, MAIN)
    score = next(s for s in told_by_stage(run, units, MAIN) if s["stage"] == "score")
    return score | {"stage": "score, fake language model", "requests": requests}


def _told(run: dict[str, Any], given: Given) -> dict[str, Any]:
    counts = given.ratings.height, len(given.users), given.svd.items.size
    return {
        "seconds": run["seconds"],
        "peak_mb": run["peak_mb"],
        "disk_mb": run["disk_mb"],
        "by_stage": told_by_stage(run, units_of(run, *counts, MAIN), MAIN),
    }
