"""Trains the sample models and writes, for each, its ONNX files, baselines and examples."""

import sys
from pathlib import Path

# Before the first import from this folder, where every folder is a model: leave none of bytecode.
sys.dont_write_bytecode = True

from threadpoolctl import threadpool_limits  # noqa: E402

from samples import load_samples  # noqa: E402
from training import train_sample  # noqa: E402


def main() -> None:
    # One thread: sums are taken in one order, so that a second run writes the same bytes.
    with threadpool_limits(limits=1):
        for sample in load_samples():
            for line in train_sample(sample, Path(__file__).resolve().parent):
                print(line)


if __name__ == "__main__":
    main()
