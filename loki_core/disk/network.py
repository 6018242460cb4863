"""Network file systems: where locks and renames do not hold what they promise, so we do not write there unasked."""

from __future__ import annotations

import os

NETWORK_TYPES = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "9p",
        "glusterfs",
        "lustre",
        "ncpfs",
        "coda",
        "gfs2",
        "ocfs2",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.rclone",
        "davfs",
        "fuse.davfs2",
        "afpfs",
        "webdav",
        "beegfs",
        "gpfs",
        "orangefs",
        "pvfs2",
        "fuse.ceph",
        "fuse.davfs",
        "fuse.gcsfuse",
        "fuse.juicefs",
        "fuse.smbnetfs",
    }
)


def find_network_type(descriptor: int, mounts: str = "/proc/self/mountinfo") -> str:
    """Return the type of the network file system that the open file is on, or "" when it is a local one.

    Where the system keeps no list of mounts (macOS), the answer is "".

    Args:
        descriptor: an open file or directory.
        mounts: the list of mounts, in the form of proc(5), /proc/pid/mountinfo.
    """
    device = os.fstat(descriptor).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                before, _, after = line.partition(" - ")
                if before.split()[2:3] == [wanted] and (kind := after.partition(" ")[0]) in NETWORK_TYPES:
                    return kind
    except OSError:
        return ""
    return ""
