"""Which file a session of work is about: inside the project's directory, whatever the request calls it.

A caller with `control` may start work on a file of the project and must not reach another one, by `..`, an absolute
path or a link (CWE-22, CWE-59), nor slip an option into the command's arguments (CWE-88).
"""

from __future__ import annotations

import os
import stat

from loki_core.errors import InvalidInput, NotFound
from loki_core.text import is_printable
from loki_core.tokens.secret import holds_secret

LONGEST_PATH = 1024


def resolve_prd(given: str, project: str) -> str:
    """Return the file's path from the project's directory, beginning with `./`.

    Args:
        given: as the request names it, absolute or from the project's directory.
        project: the project's directory.

    Raises:
        InvalidInput: `invalid_prd`: it is no path, leads out of the project, or is no regular file.
        NotFound: `prd_not_found`.
    """
    if not given or len(given) > LONGEST_PATH or not is_printable(given) or holds_secret(given):
        raise _refuse("that is no path of a file")
    root = os.path.realpath(project)
    asked = os.path.join(root, given)
    try:
        # What is outside is refused alike, whether it exists or not: that is nobody's business here.
        if os.path.commonpath((root, os.path.realpath(asked))) != root:
            raise _refuse("the file is outside of the project")
        found = os.path.realpath(asked, strict=True)
        status = os.stat(found)
    except FileNotFoundError:
        raise NotFound(
            "there is no such file in the project", code="prd_not_found", remedy="name one from the project's directory"
        ) from None
    except (OSError, ValueError):
        raise _refuse("that path cannot be followed") from None
    if os.path.commonpath((root, found)) != root:
        raise _refuse("the file is outside of the project")
    if not stat.S_ISREG(status.st_mode):
        raise _refuse("that is no regular file")
    return os.path.join(os.curdir, os.path.relpath(found, root))


def _refuse(problem: str) -> InvalidInput:
    return InvalidInput(problem, code="invalid_prd", remedy="name a file inside the project, such as ./prd.md")
