#!/bin/sh
# The clean-room test, once: as an unprivileged user, with the npm of this machine.
exec sh "$(dirname "$0")/../clean-room.sh" --user other --npm path
