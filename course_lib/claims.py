"""Measures the claims and writes the ledger: `make claims`, `make claims ONLY=R6`, `make claims STALE=1`.

A row is written as soon as it is measured. After an interruption `--stale` measures what is missing, from the seed
that was not finished. Several processes may measure different claims side by side.

`make claims ONLY=R6 SEEDS=10-12` measures with other seeds, says whether they agree with the ledger, writes nothing.
"""

import argparse
import difflib
import sys

from tqdm import tqdm

from course_lib.evidence import ledger, ledger_text, resume
from course_lib.evidence.claim import Claim
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import VERDICTS, half_between


def main() -> int:
    """Read the command line, measure the chosen claims and write the ledger; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.claims", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="ids, separated by commas or spaces")
    parser.add_argument("--stale", action="store_true", help="only what is missing or gives other numbers than it did")
    parser.add_argument("--verdict", choices=VERDICTS, help="only what came to this verdict")
    parser.add_argument(
        "--seeds", type=range_of, help="measure with these seeds, such as 10-14, and compare; keep nothing"
    )
    parser.add_argument("--list", action="store_true", help="show what would be measured, and measure nothing")
    parser.add_argument("--page", action="store_true", help="write data/claims.md anew, and measure nothing")
    options = parser.parse_args()
    claims, rows = all_claims(), ledger.read()
    chosen = named(options.only.replace(",", " ").split(), {claim.id: claim for claim in claims}) or claims
    if options.stale:
        reasons = ledger.stale(chosen, rows)
        chosen = [claim for claim in chosen if reasons.get(claim.id, ledger.UNSEEN) != ledger.UNSEEN]
        print("\n".join(f"{id:4} {reason}" for id, reason in reasons.items()) or "nothing to measure")
    if options.verdict:
        chosen = [claim for claim in chosen if rows.get(claim.id, {}).get("verdict") == options.verdict]
    if options.list:
        known = {claim.id: rows[claim.id]["verdict"] if claim.id in rows else "not measured" for claim in chosen}
        print("\n".join(f"{claim.id:4} {known[claim.id]:24} {claim.statement}" for claim in chosen))
        return 0
    if options.seeds:
        agreed = [agrees(claim, rows[claim.id], options.seeds) for claim in chosen if claim.core]
        return 0 if all(agreed) else 1
    ledger.refresh(claims)
    if options.page:
        return 0
    bar = tqdm(chosen, desc="claims", unit="claim", disable=None)
    for claim in bar:
        bar.set_postfix_str(claim.id)
        found = claim.fingerprint()  # before the row: of the code that runs, should it be edited meanwhile
        with resume.resuming(claim.id, found) as kept:
            row = claim.row()
            row["cpu_seconds"] = round(row["cpu_seconds"] + kept.seconds, 1)
            ledger.add(row)
            ledger.keep_probe(claim.id, found)
        tqdm.write(
            f"{claim.id:4} {row['verdict']:24} {row['cpu_seconds']:6.1f} CPU s  {ledger_text.headline(row)[:110]}"
        )
    return 0


def range_of(seeds: str) -> range:
    """10-14 is range(10, 15)."""
    first, _, last = seeds.partition("-")
    return range(int(first), int(last or first) + 1)


def agrees(claim: Claim, row: dict, seeds: range) -> bool:
    """Measures with other seeds, and says whether what decides agrees with the ledger within the spread of both."""
    if "seeds" in row["settings"]:
        print(f"{claim.id:4} has {row['settings']['seeds']}: other numbers would mean nothing")
        return True
    now, before = claim.row(seeds)["core"], row["core"]
    distance, half = abs(now["mean"] - before["mean"]), half_between(now["per_seed"], before["per_seed"])
    words = "agree" if distance <= half else "DIFFER"
    print(
        f"{claim.id:4} {before['name']}: {before['mean']:.4g} with seeds {row['seeds'][0]}-{row['seeds'][-1]}, "
        f"{now['mean']:.4g} with {seeds[0]}-{seeds[-1]}; {distance:.2g} apart, spread allows {half:.2g}: they {words}; "
        f"{before['verdict']} before, {now['verdict']} now"
    )
    return distance <= half


def named(ids: list[str], known: dict) -> list:
    """The claims of these ids, or a helpful end."""
    for wanted in ids:
        if wanted not in known:
            near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.1) or known
            sys.exit(f"no claim {wanted!r}; there are {', '.join(near)}")
    return [known[wanted] for wanted in ids]


if __name__ == "__main__":
    sys.exit(main())
