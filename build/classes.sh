# An archive of classes: parsed and verified once, so that no start of a process does it again.
# Sourced by what makes one.

# Of the JDK's usual classes and all in the jars of a folder; the rest are options of the JVM.
archive_classes() {
  local home=$1 jars=$2 list; shift 2
  list=$(mktemp)
  { cat "$home/lib/classlist"
    for jar in "$jars"/*.jar; do unzip -Z1 "$jar"; done |
      LC_ALL=C sort | sed -n '/-info\.class$/d; /^META-INF/d; s/\.class$//p'; } >"$list"
  "$home/bin/java" -Xlog:disable -Xlog:all=error:stderr -Xshare:dump -XX:SharedClassListFile="$list" "$@"
  rm "$list"
}
