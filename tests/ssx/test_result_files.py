"""The contents of result files that a process keeps. Their reads: test_ssx_webservices.py."""

from services.ssx.modules.result_files import Contents
from shared.file_roots import FileRoots


def test_contents_are_kept_up_to_some_bytes(folder):
    contents, roots, parsed = Contents(30), FileRoots(None, [str(folder)]), []

    def parse(text):
        parsed.append(text)
        return text.decode(), len(text)

    def read(name, text=None):
        path = folder / name
        if text is not None:
            path.write_text(text)
        return contents.get(str(path), roots, parse)

    assert [read("a", "a" * 10), read("b", "b" * 10), read("a")] == ["a" * 10, "b" * 10, "a" * 10]
    assert len(parsed) == 2
    assert read("c", "c" * 15) == "c" * 15  # in place of b, which was read before a
    assert read("a") == "a" * 10 and len(parsed) == 3
    assert read("b") == "b" * 10 and len(parsed) == 4
    assert read("d", "d" * 31) == "d" * 31  # more than there is room for
    assert read("d") == "d" * 31 and len(parsed) == 6
