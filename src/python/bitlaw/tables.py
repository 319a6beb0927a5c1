"""What trainings and studies leave, as pandas tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    import pandas

Place = Union[str, "os.PathLike[str]"]


def _read_csv(path: Path) -> pandas.DataFrame:
    try:
        import pandas
    except ImportError:
        raise ImportError("reading tables needs pandas; type: sudo apt-get install python3-pandas") from None
    return pandas.read_csv(path)


def read_study(folder: Place) -> pandas.DataFrame:
    """The runs of a study (its folder, or a results.csv), a row a run, with the columns of the file.

    `adjusted_rate` is added: archive and model by original bytes, where as many bytes are coded as different ones were
    trained on.
    """
    path = Path(folder)
    table = _read_csv(path / "results.csv" if path.is_dir() else path)
    bits = table["held_out_bits_per_byte"]
    table["adjusted_rate"] = bits / 8 + table["model_bytes"] / table["unique_bytes"]
    return table


def read_fit(folder: Place, name: str) -> pandas.DataFrame:
    """A table that `bitlaw study fit` wrote: "law", "optimum", "measured_optimum", ..."""
    return _read_csv(Path(folder) / "fit" / f"{name}.csv")


def read_metrics(run: Place) -> pandas.DataFrame:
    """The steps of a training (its folder, or a metrics.csv), a row a step."""
    path = Path(run)
    return _read_csv(path / "metrics.csv" if path.is_dir() else path)
