"""Write a seeded sample of mutants; runs where cosmic-ray is, which never touches the sources.

``python make.py FOLDER COUNT SEED FILE...`` writes ``FOLDER/N.json`` for each: the file, its
mutated text, the line and what was changed.
"""

from __future__ import annotations

import ast
import contextlib
import json
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGES = re.compile(
    r"core/(ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_FloorDiv|FloorDiv_Mul|BitOr_BitAnd|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_Gt|Gt_Lt)"
    r"|ReplaceComparisonOperator_(Is_IsNot|IsNot_Is|In_NotIn|NotIn_In)"
    r"|ReplaceUnaryOperator_(USub_UAdd|Delete_Not)|ReplaceAndWithOr|ReplaceOrWithAnd|AddNot"
    r"|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceBreakWithContinue|ReplaceContinueWithBreak"
    r"|NumberReplacer|ZeroIterationForLoop|ExceptionReplacer|RemoveDecorator)"
)
"""Mistakes that people make; the other operators mostly give what fails on the spot."""
Mutation = tuple[Path, str, int]
"""File, operator, and at which of its places."""


class _Bare(ast.NodeTransformer):
    """Take away what is never run: annotations and docstrings."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:  # named by ast
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return ast.Pass()
        return self.generic_visit(node)


def meaning(code: str) -> str:
    """Return what a module does, as far as it can be told by its syntax."""
    return ast.dump(_Bare().visit(ast.parse(code)))


def changed_line(before: str, after: str) -> tuple[int, str, str]:
    """Return the first line that differs, and both of its texts."""
    old, new = before.splitlines(), after.splitlines()
    for number, (one, other) in enumerate(zip(old, new, strict=False), 1):
        if one != other:
            return number, one.strip(), other.strip()
    return len(old), "", ""


def places(path: Path, code: str) -> Iterator[tuple[int, Mutation]]:
    """Yield every place at which something can be changed: its line, and how to change it."""
    nodes = list(walk(get_ast(code)))
    for name in filter(CHANGES.fullmatch, operator_names()):
        operator = get_operator(name)()
        found = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _end) in enumerate(found):
            yield start[0], (path, name, occurrence)


def walk(node: Any) -> Iterator[Any]:
    """Yield a tree, node by node, in the order in which cosmic-ray counts."""
    yield node
    for child in getattr(node, "children", ()):
        yield from walk(child)


def mutant(mutation: Mutation) -> dict[str, Any] | None:
    """Return one mutant; nothing if it does the same as before."""
    path, name, occurrence = mutation
    code = path.read_text("utf-8")
    mutated = mutate_code(code, get_operator(name)(), occurrence)
    with contextlib.suppress(SyntaxError):
        if mutated is not None and meaning(mutated) != meaning(code):
            line, old, new = changed_line(code, mutated)
            return {
                "file": str(path), "line": line, "operator": name, "before": old, "after": new,
                "code": mutated,
            }  # fmt: skip
    return None


def main() -> None:
    """Write the sample: of every line about as many, so that long sums do not outweigh the rest."""
    folder, count, seed, *files = sys.argv[1:]
    chance = random.Random(int(seed))  # noqa: S311  # a sample, not a secret
    by_line: dict[tuple[str, int], list[Mutation]] = {}
    for file in files:
        for line, mutation in places(Path(file), Path(file).read_text("utf-8")):
            by_line.setdefault((file, line), []).append(mutation)
    lines = list(by_line.values())
    for same in lines:
        chance.shuffle(same)
    chosen: list[dict[str, Any]] = []
    while lines and len(chosen) < int(count):
        chance.shuffle(lines)
        for same in lines:
            if len(chosen) < int(count) and (found := mutant(same.pop())) is not None:
                chosen.append(found)
        lines = [same for same in lines if same]
    for number, one in enumerate(chosen):
        Path(folder, f"{number:04}.json").write_text(json.dumps(one), "utf-8")


if __name__ == "__main__":
    main()
