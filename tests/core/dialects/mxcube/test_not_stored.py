"""The keys of MXCuBE that no column has, as the page about it lists them."""

from pathlib import Path

from services.core.dialects.mxcube.collection_schemas import (
    MxcubeCollectionSchema,
    MxcubeFilesSchema,
    MxcubeSampleReferenceSchema,
    MxcubeSweepSchema,
)
from services.core.dialects.mxcube.event_schemas import (
    MxcubeEnergyScanSchema,
    MxcubeSpectrumSchema,
)
from services.core.dialects.mxcube.setup_schemas import MxcubeSetupSchema

PAGE = Path(__file__).parents[4] / "docs/how-to/connect-mxcube.md"
HEAD = "| sent in | keys | read instead |\n|---|---|---|\n"
BODIES = {
    "a data collection": MxcubeCollectionSchema,
    "its `oscillation_sequence`": MxcubeSweepSchema,
    "its `fileinfo`": MxcubeFilesSchema,
    "its `sample_reference`": MxcubeSampleReferenceSchema,
    "a setup of the beamline": MxcubeSetupSchema,
    "an energy scan or spectrum": MxcubeEnergyScanSchema,
}


def render():
    """The table of the page."""
    lines = []
    for body, schema in BODIES.items():
        reasons = {}
        for key, reason in sorted(schema.ignored.items()):
            if reason:  # else another key has the value
                reasons.setdefault(reason, []).append(f"`{key}`")
        lines += [f"| {body} | {', '.join(k)} | {r} |\n" for r, k in sorted(reasons.items())]
    return HEAD + "".join(lines)


def test_the_page_lists_them():
    """To make the table anew: ``python -m tests.core.dialects.mxcube.test_not_stored``."""
    assert MxcubeSpectrumSchema.ignored == MxcubeEnergyScanSchema.ignored
    text = PAGE.read_text()
    assert HEAD in text
    assert render() == HEAD + text.partition(HEAD)[2].partition("\n\n")[0] + "\n"


def test_no_key_is_both_stored_and_not():
    for schema in BODIES.values():
        assert not schema.ignored.keys() & schema().load_fields.keys()


if __name__ == "__main__":
    print(render(), end="")
