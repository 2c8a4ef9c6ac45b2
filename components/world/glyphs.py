"""Hand-drawn letters for the sign (5 x 7 dots): no system font, so the bytes are the same everywhere."""

import numpy as np

_ROWS = {
    "k": ("#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"),
    "l": ("#....", "#....", "#....", "#....", "#....", "#....", "#####"),
    "o": (".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."),
    "t": ("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."),
    "x": ("#...#", "#...#", ".#.#.", "..#..", ".#.#.", "#...#", "#...#"),
    "z": ("#####", "....#", "...#.", "..#..", ".#...", "#....", "#####"),
}
LETTER_BITS: dict[str, np.ndarray] = {
    letter: np.array([[dot == "#" for dot in row] for row in rows]) for letter, rows in _ROWS.items()
}
