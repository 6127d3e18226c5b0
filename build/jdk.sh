# Finds a JDK that Plinius may run on: 25, and at least 25.0.3, because earlier ones may move
# pinned objects (JDK-8377811). Sourced by the launcher, the formatter and the image build.
# Sets JDK, or explains and returns 69.

jdk_version() {
  sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release" 2>/dev/null
}

find_jdk() {
  local candidate version refused="" on_path
  on_path=$(command -v javac 2>/dev/null) && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for candidate in "${PLINIUS_JAVA_HOME:-}" "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/*jdk* \
      "$HOME"/.sdkman/candidates/java/25* "$HOME"/.jdks/*; do
    [ -n "$candidate" ] && [ -x "$candidate/bin/javac" ] && [ -x "$candidate/bin/jlink" ] || continue
    version=$(jdk_version "$candidate")
    case "$version" in
      25|25.0.0*|25.0.1|25.0.1.*|25.0.2|25.0.2.*) refused="$candidate is $version" ;;
      25.*) JDK=$candidate; return 0 ;;
    esac
  done
  {
    if [ -n "$refused" ]; then
      echo "plinius: $refused, but 25.0.3 or later is needed: earlier ones may move pinned objects"
      echo "  while native code writes to them (JDK-8377811), which can corrupt data silently."
    else
      echo "plinius: no JDK 25 was found (looked at PLINIUS_JAVA_HOME, JAVA_HOME, the path and /usr/lib/jvm)."
    fi
    echo "  Get Temurin 25.0.3 or later, a full JDK with jlink, from https://adoptium.net/ (Debian: package"
    echo "  temurin-25-jdk of Adoptium's repository), or set PLINIUS_JAVA_HOME to one that you have."
  } >&2
  return 69
}
