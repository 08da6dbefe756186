"""How long all rule files take to load, beside bare YAML composition of the same bytes.

`make bench-rules`. Ours: `load_rulebook`, from files to the frozen rulebook with every check. Reference: the
same bytes composed into YAML nodes and thrown away. Alternating rounds; medians.
"""

from __future__ import annotations

import statistics
import time

import yaml

from adapters.rulebook import RULES_FOLDER, load_rulebook

ROUNDS = 15


def main() -> None:
    """Measure and print one line for each round and the ratio last."""
    texts = [path.read_bytes().decode() for path in sorted(RULES_FOLDER.glob("*.yaml"))]
    ours, bare = [], []
    for number in range(ROUNDS):
        ours.append(_loaded())
        bare.append(_composed(texts))
        print(f"round {number + 1}: load {ours[-1] * 1000:.0f} ms, bare composition {bare[-1] * 1000:.0f} ms")
    size = sum(len(text) for text in texts) / 1000
    loaded, composed = statistics.median(ours), statistics.median(bare)
    print(f"{len(texts)} files, {size:,.0f} thousand characters: {loaded * 1000:.0f} ms, bare {composed * 1000:.0f} ms")
    print(f"rules ratio {composed / loaded:.2f} of bare YAML composition")


def _loaded() -> float:
    began = time.perf_counter()
    load_rulebook()
    return time.perf_counter() - began


def _composed(texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        assert yaml.compose(text, Loader=yaml.CSafeLoader) is not None
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
