#!/usr/bin/env bash
# Archives the classes of the command and of the host: half of what a short command takes is loading them.
# Where the archive is missing or of other jars, everything works, a little later.
set -euo pipefail
cd "$(dirname "$0")/.."
. build/jdk.sh
. build/classes.sh
find_jdk || exit $?

modules=$PWD/cli/target/modules
archive=cli/target/classes.jsa
exec 9>cli/target/classes.lock
flock 9
# What the JVM compares before it believes an archive.
made_of=$(stat -c '%n %s %Y' "$JDK/release" build/launcher.args "$modules"/*.jar)
if [ ! -f "$archive" ] || [ "$made_of" != "$(cat "$archive.of" 2>/dev/null)" ]; then
  archive_classes "$JDK" "$modules" @build/launcher.args -XX:SharedArchiveFile="$archive.new" \
    -p "$modules" -m plinius.cli/plinius.cli.Main
  mv "$archive.new" "$archive"
  echo "$made_of" >"$archive.of"
fi
