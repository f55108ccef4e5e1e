"""How PyTorch's calls are timed: timing.ts in Python."""
import time

RUN = 0.05e-3  # seconds: short calls are timed in runs of this length
MIN_RUNS = 3


def times_of(run, budget):
    """The shortest and the median time of a call in a loop; Python has no event loop to yield to."""
    start = time.perf_counter()
    run()
    calls = calls_per_run(time.perf_counter() - start)
    times, deadline = [], time.perf_counter() + budget
    while len(times) < MIN_RUNS or time.perf_counter() < deadline:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        times.append((time.perf_counter() - start) / calls)
        calls = max(calls, calls_per_run(times[-1]))
    return {"minMs": min(times) * 1e3, "medianMs": sorted(times)[len(times) // 2] * 1e3}


def calls_per_run(seconds):
    return max(1, min(10_000, round(RUN / seconds)))
