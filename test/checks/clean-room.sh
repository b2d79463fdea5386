#!/bin/sh
# The clean-room test: as root where this is root, and as an unprivileged user, with npm 10 and npm 11.
exec sh "$(dirname "$0")/../clean-room.sh"
