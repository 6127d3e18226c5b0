#!/usr/bin/env bash
# Links the enclave's image: the JDK modules that it needs, our trusted modules, nothing else.
# target/images/<digest>/ holds it and target/image points to it. The digest covers all that goes in,
# so an image that somebody runs is never rewritten: another content is another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. build/jdk.sh
. build/classes.sh
find_jdk || exit $?

modules=enclave/target/modules
[ -d "$modules" ] || { echo "image: $modules is missing; run mvn package first" >&2; exit 69; }

# Baked in, hence measured. No dumps, no attaching, no error files: they would carry plaintext out.
# A crash says nothing either: what the JVM has to say would be taken for the border's messages.
# What the JVM itself prints goes to stderr, because stdout is the border.
options="-XX:+UseParallelGC -XX:-UsePerfData -XX:+DisableAttachMechanism"
options+=" -XX:-HeapDumpOnOutOfMemoryError -XX:-CreateCoredumpOnCrash -XX:ErrorFile=/dev/null"
options+=" -XX:+SuppressFatalErrorMessage -XX:+DisplayVMOutputToStderr -XX:MaxRAMPercentage=50"
options+=" $(sed '/^#/d' build/kernels.args | tr '\n' ' ')"
options+=" --enable-native-access=plinius.pmem"
options+=" --add-exports=java.base/jdk.internal.misc=plinius.pmem"

path=$(printf '%s:' "$modules"/*.jar)
for jar in "$modules"/*.jar; do
  "$JDK/bin/jar" --describe-module --file "$jar" 2>/dev/null | head -1 | grep -q '^plinius\.' ||
    { echo "image: $jar is not ours; nothing third-party may enter the enclave" >&2; exit 70; }
done

# Over the contents, not the jars: those carry times, and Maven's own entries its JDK.
contents() {
  for jar in "$modules"/*.jar; do
    unzip -lv "$jar" | awk '$NF ~ /\./ && $NF !~ /^META-INF/ && NF >= 8 {print $1, $7, $8}' | LC_ALL=C sort
  done
}
digest=$({ cat "$JDK/release" build/image.sh build/classes.sh build/kernels.args; contents; } | sha256sum | cut -c1-16)

image=target/images/$digest
mkdir -p target/images
exec 9>target/image.lock
flock 9
if [ ! -x "$image/bin/java" ]; then
  rm -rf "$image.making"
  "$JDK/bin/jlink" --module-path "${path%:}" --add-modules plinius.enclave,plinius.simd \
    --strip-debug --no-header-files --no-man-pages --exclude-resources 'glob:/plinius.*/META-INF/**' \
    --add-options "$options" --output "$image.making"
  # Measured with the rest: the same classes give the same archive, and with a heap of one size on
  # machines of any size.
  archive_classes "$image.making" "$modules" -Xmx1g --add-modules plinius.enclave,plinius.simd
  mv "$image.making" "$image"
fi
ln -sfn "images/$digest" target/image.new
mv -T target/image.new target/image

# Earlier images that nobody runs have nothing more to give.
running=$(readlink /proc/[0-9]*/exe 2>/dev/null || true)
for old in target/images/*; do
  [ "$old" = "$image" ] || grep -qF "$PWD/$old/" <<<"$running" || rm -rf "$old"
done

lines=0; names=""
for jar in "$modules"/*.jar; do
  name=$(basename "$jar" | sed 's/-[0-9].*//')
  count=$(find "$name/src/main/java" -name '*.java' -print0 | xargs -0 cat | grep -cvE '^\s*($|//|/\*|\*)' || true)
  lines=$((lines + count)); names+=" $name:$count"
done
echo "enclave image $digest: $(du -sh "$image" | cut -f1), trusted lines of code $lines (the paper's trusted part: 15900) =$names" |
  tee target/image.txt >&2
