#!/bin/sh
# Does the README's first command line work for someone who has only just cloned this? From a clean clone, with an
# empty home and nothing on the path but node, npm, git, sh, apt, dpkg, tar and coreutils: npm ci && npm start
# reaches SERVING, a SIGTERM to npm ends it with exit code 0, and no process is left.
#
#   sh test/clean-room.sh [--user root|other] [--npm path|10|11] [--keep]
#
# Without flags: every user this can be tried as and every npm. --npm path is the npm on the path; 10 and 11 are
# fetched. Root can try both users; anyone else only himself. The clone holds what is committed and what is
# not, but not what git ignores. Prints a PASS or FAIL line for each thing tried; fails if one failed.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
users=all
npms="10 11"
keep=no
while [ $# -gt 0 ]; do
  case $1 in
    --user) users=$2; shift ;;
    --npm) npms=$2; shift ;;
    --keep) keep=yes ;;
    *) echo "unknown flag: $1" >&2; exit 2 ;;
  esac
  shift
done
if [ "$users" = all ]; then
  if [ "$(id -u)" = 0 ]; then users="root other"; else users=other; fi
fi
room=$(mktemp -d)
chmod 755 "$room"
failed=0
cluster=
finish() {
  [ -n "$cluster" ] && kill -TERM "$cluster" 2>/dev/null
  [ "$keep" = yes ] || rm -rf "$room"
}
trap finish EXIT
pass() { echo "PASS $*"; }
fail() {
  echo "FAIL $*"
  failed=1
}

# The tools a minimal image with Node has. `kill`, `test` and `echo` are the shell's own.
tools() { # folder
  mkdir -p "$1"
  for tool in node npm git sh dash env \
    apt apt-get apt-config apt-cache apt-mark gpgv sqv dpkg dpkg-deb dpkg-split dpkg-query tar xz gzip zstd \
    basename cat chmod chown cp cut date dirname du false find grep head id install ln ls mkdir mktemp mv \
    nproc od printf pwd readlink realpath rm rmdir sed seq setpriv sha256sum sleep sort stat tail tee touch tr \
    true uname uniq wc whoami; do
    found=$(command -v "$tool" 2>/dev/null) || continue
    case $found in /*) ln -sf "$(readlink -f "$found")" "$1/$tool" ;; esac
  done
  # The node of the system, not the one npm puts first for our own scripts.
  for folder in $(echo "$PATH" | tr : ' '); do
    case $folder in *node_modules*) continue ;; esac
    [ -x "$folder/node" ] && ln -sf "$(readlink -f "$folder/node")" "$1/node" && break
  done
  for folder in $(echo "$PATH" | tr : ' '); do
    case $folder in *node_modules*) continue ;; esac
    [ -e "$folder/npm" ] && ln -sf "$(readlink -f "$folder/npm")" "$1/npm" && break
  done
}

# A command as the user of this run, with this run's home and path; of the environment, only what it may take to
# reach the network.
as_user() {
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
    eval "value=\${$name-}"
    [ -n "$value" ] && set -- "$name=$value" "$@"
  done
  set -- env -i HOME="$home" PATH="$bin" LANG=C TMPDIR="$home/tmp" "$@"
  if [ "$user" = other ] && [ "$(id -u)" = 0 ]; then
    set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
  fi
  "$@"
}

health() { # address: SERVING, or what else was answered
  (cd "$clone" && as_user node_modules/.bin/node test/support/health.ts "$1" 2>/dev/null)
}

ours() { # the processes of this run
  for environ in /proc/[0-9]*/environ; do
    pid=${environ#/proc/}
    if { tr '\0' '\n' <"$environ"; } 2>/dev/null | grep -qx "HOME=$home"; then echo "${pid%/environ}"; fi
  done
}

until_true() { # seconds, command…
  tries=$(($1 * 10))
  shift
  while [ $tries -gt 0 ]; do
    "$@" && return 0
    tries=$((tries - 1))
    sleep 0.1
  done
  return 1
}

announced() { [ -s "$data/cluster.json" ] && grep -q '"gateway"' "$data/cluster.json"; }
serving() { [ "$(health "$address")" = SERVING ]; }
gone() { [ -z "$(ours)" ]; }

one_run() { # user npm
  user=$1
  version=$2
  what="user $user, npm $version"
  place=$room/$user-$version
  home=$place/home
  bin=$place/bin
  clone=$place/clone
  data=$clone/.sluice
  mkdir -p "$home/tmp"
  tools "$bin"
  git -C "$root" ls-files -z --cached --others --exclude-standard >"$place/files"
  mkdir "$clone"
  (cd "$root" && tar --null --ignore-failed-read -cf - -T "$place/files" 2>/dev/null) | tar -xf - -C "$clone"
  [ "$user" = other ] && [ "$(id -u)" = 0 ] && chown -R 65534:65534 "$place"
  if [ "$version" != path ]; then
    as_user mkdir -p "$home/npm"
    # Not with --prefix: npm would look for the system's settings (a proxy, a certificate) below it.
    (cd "$home/npm" && as_user npm install --no-audit --no-fund "npm@$version") >"$place/npm.log" 2>&1 ||
      { fail "$what: npm $version could not be fetched (see the end of the log)"; tail -3 "$place/npm.log"; return; }
    ln -sf "$home/npm/node_modules/npm/bin/npm-cli.js" "$bin/npm"
  fi
  what="user $user, node $(as_user node --version), npm $(as_user npm --version)"

  if (cd "$clone" && as_user npm ci) >"$place/ci.log" 2>&1; then pass "$what: npm ci"; else
    fail "$what: npm ci"
    tail -20 "$place/ci.log"
    return
  fi

  # Ports of this run's own, so that nothing else on this machine matters.
  (cd "$clone" && as_user env SLUICE_GRPC_PORT=0 SLUICE_METRICS_PORT=0 SLUICE_MONITOR_GRPC_PORT=0 \
    SLUICE_MONITOR_HTTP_PORT=0 SLUICE_MONITOR_METRICS_PORT=0 SLUICE_OTLP_PORT=0 \
    sh -c 'echo $$ >"$0"; exec npm start' "$home/pid") >"$place/start.log" 2>&1 &
  waited=$!
  until_true 60 test -s "$home/pid"
  cluster=$(cat "$home/pid")
  address=
  if until_true 120 announced; then
    address=$(sed -n 's/.*"grpc": "\([^"]*\)".*/\1/p' "$data/cluster.json" | head -1)
  fi
  if [ -n "$address" ] && until_true 60 serving; then pass "$what: npm start serves"; else
    fail "$what: npm start serves"
    tail -20 "$place/start.log"
  fi
  if grep -q '^monitor  *ready' "$place/start.log"; then pass "$what: NATS and monitor run"; else
    fail "$what: NATS and monitor run"
    tail -20 "$place/start.log"
  fi

  begun=$(date +%s)
  kill -TERM "$cluster"
  wait $waited
  code=$?
  took=$(($(date +%s) - begun))
  cluster=
  if [ $code = 0 ] && [ $took -le 6 ]; then pass "$what: SIGTERM ends it with exit code 0"; else
    fail "$what: SIGTERM ended it with exit code $code after $took s"
    tail -20 "$place/start.log"
  fi
  if until_true 5 gone; then pass "$what: no process is left"; else
    fail "$what: left behind: $(ours | while read -r pid; do tr '\0' ' ' <"/proc/$pid/cmdline"; done)"
    ours | while read -r pid; do kill -KILL "$pid"; done
  fi
}

without_libatomic() {
  place=$room/postinstall
  mkdir -p "$place/node_modules/.bin"
  printf '#!/bin/sh\necho "libatomic.so.1: cannot open shared object file" >&2\nexit 127\n' >"$place/node_modules/.bin/node"
  chmod +x "$place/node_modules/.bin/node"
  line=$(cd "$root" && node -p 'require("./package.json").scripts.postinstall')
  if output=$(cd "$place" && sh -c "$line" 2>&1); then
    fail "npm ci succeeds where Node cannot run"
  elif [ "$(echo "$output" | wc -l)" = 1 ] && echo "$output" | grep -q libatomic1; then
    pass "npm ci says what is missing where Node cannot run"
  else
    fail "npm ci says where Node cannot run: $output"
  fi
}

without_libatomic
for a_user in $users; do
  for an_npm in $npms; do one_run "$a_user" "$an_npm"; done
done
[ $failed = 0 ]
