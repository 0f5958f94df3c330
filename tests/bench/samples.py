"""Small JSON of the kind that the benchmarks keep."""


def stage(name, unit, units, seconds, peak=None):
    each = {"unit": unit, "units": units, "us_per_unit": round(1e6 * seconds / units, 3)}
    return {"stage": name, "seconds": seconds, "peak_mb": peak} | each


MACHINE = {
    "cores": 2,
    "cpu": "Test CPU",
    "memory_gb": 16.0,
    "system": "Linux",
    "versions": {"python": "3.11", "polars": "2.1"},
}


def night(size, peak_mb=900.0):
    stages = [
        stage("ingest", "ratings", size, size / 1e6, 500.0),
        stage("fit", "ratings", size, size / 2e5, 600.0),
        stage("candidates", "users x items", size * 10, size / 1e5, 700.0),
        {"stage": "start, end and between", "seconds": 7.0, "peak_mb": None},
    ]
    seconds = sum(line["seconds"] for line in stages)
    return {"seconds": seconds, "peak_mb": peak_mb, "disk_mb": 12.0, "by_stage": stages}


def of_size(size, **more):
    shape = {"ratings": size, "users": 9, "items": 8, "rated_items": 7, "file_mb": 1.5}
    kept = {"machine": MACHINE, "shape": shape, "measured_at_utc": "2026-11-24 16:00"}
    return kept | {"night": night(size)} | more


def scale():
    fits = {
        "svd": stage("svd", "ratings", 1_000_000, 9.0, 400.0) | {"read_peak_mb": 300.0},
        "ease": {"stage": "ease", "refused": "would invert 23,387"},
    }
    return {"sizes": {"1000000": of_size(1_000_000, fits=fits), "10000000": of_size(10_000_000)}}


def bench(warm=25.0):
    told = {"peak_mb": 800.0, "disk_mb": 30.0, "by_stage": night(100_000)["by_stage"]}
    told_the_limit = {
        "share_of_limit": 0.97,
        "http_429": 3,
        "requests_per_pair": 0.04,
        "prompt_tokens_per_pair": 80.0,
        "answer_tokens_per_pair": 10.0,
        "cached_share_of_prompt": 0.25,
    }
    peer = {"version": "1.0", "users": 600, "agree": "99.10% of candidates the same"}
    return {
        "measured_at_utc": "2026-11-24 16:00",
        "machine": MACHINE,
        "data": {"name": "made-up", "ratings": 100_000, "users": 600, "items": 9_000},
        "evaluation": {"cold": told | {"seconds": 95.0}, "warm": told | {"seconds": warm}},
        "alone": [stage("embed", "texts", 9_000, 18.0, 300.0)],
        "published": {
            "users": 20,
            "of_users": 600,
            "predict_loop_seconds": 1.1,
            "requests": 2_000,
            "request_seconds": 9.0,
            "ms_per_request": 4.5,
            "seconds_all_users": 300.0,
        },
        "peers": [
            peer
            | {"step": "candidates", "peer": "Theirs", "ours": 0.2, "theirs": 0.1, "ratio": 0.5},
            {"peer": "Gone", "missing": "no wheel for this Python"},
        ],
        "asking": {
            "limit_requests_per_second": 50.0,
            "told_the_limit": told_the_limit,
            "not_told_the_limit": told_the_limit,
            "one_pair_per_request": told_the_limit,
        },
    }


def sequence():
    window = {
        "data": "made-up",
        "measured_at_utc": "2026-11-24 16:00",
        "machine": MACHINE,
        "start": 1_601_503_200,
        "days": 30,
        "kind": "SASRec",
        "tested": 900,
        "people": 600,
        "listed": 899,
        "ndcg": 0.15,
        "popular": 0.12288,
        "popular_days": 90,
        "epochs": 4,
        "seconds": 300.0,
        "cpu_seconds": 250.0,
        "choosing_seconds": 600.0,
        "chosen_before": 1_601_503_200,
        "fitted_at": 1_601_503_200,
        "version": "0.19.0",
        "torch": "2.13.0",
        "earlier": {"1": 0.1, "2": 0.11, "3": 0.12, "4": 0.14, "5": 0.13},
        "plan": {"session": 50, "factors": 64, "blocks": 2, "seed": 0},
    }
    together = {
        "data": "made-up",
        "kind": "SASRec",
        "windows": 1,
        "people": 600,
        "ndcg": 0.15,
        "published": 0.171,
        "difference": 0.021,
        "low": 0.012,
        "high": 0.03,
    }
    return {
        "windows": {"made-up, 1601503200, 30, SASRec": window},
        "together": {"made-up, SASRec": together},
    }
