import pytest

from rgbtbench.description import bibtex


@pytest.mark.parametrize(
    ("entry", "names", "year"),
    [
        ("@article{a, author = {Doe, Jane and John {van} Roe}, year = {2021}}", ("Jane Doe", "John van Roe"), 2021),
        ('@article{a,\n  AUTHOR="Ha, Qishen and others",\n  YEAR = 2017\n}', ("Qishen Ha",), 2017),
        ("@misc{a, title={Nobody}, year={n.d.}}", (), None),
        ("@misc{a, author = {{MFNet} Team}}", ("MFNet Team",), None),
        ("no entry", (), None),
    ],
)
def test_authors_and_year_are_read(entry, names, year):
    assert bibtex.authors(entry) == names
    assert bibtex.year(entry) == year
