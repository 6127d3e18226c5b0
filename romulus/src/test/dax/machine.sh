#!/usr/bin/env bash
# Builds what a machine with persistent memory needs: kernel, initramfs and a disk with a JDK, our
# classes and ndctl. QEMU emulates the NVDIMM; the kernel is Debian's, unpacked from its package.
# usage: machine.sh FOLDER JDK CLASSPATH      (69 and the reason if something is missing)
set -euo pipefail
folder=$1 jdk=$2 classpath=$3
here=$(cd "$(dirname "$0")" && pwd)
missing=""
for tool in qemu-system-x86_64 busybox ndctl mkfs.ext4 dpkg-deb apt-get; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "missing:$missing (Debian: qemu-system-x86 busybox-static ndctl e2fsprogs)"
  exit 69
fi
mkdir -p "$folder"
cd "$folder"

if ! ls vmlinuz >/dev/null 2>&1; then
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -1)
  if [ -z "$package" ] || ! apt-get download -q "$package" >apt.log 2>&1; then
    echo "missing: a kernel; apt-get cannot download ${package:-linux-image-amd64}"
    exit 69
  fi
  dpkg-deb -x "$package"_*.deb kernel
  rm -f "$package"_*.deb
  cp kernel/boot/vmlinuz-* vmlinuz
fi

# The initramfs: a shell and the modules, in the order in which they load.
rm -rf initramfs && mkdir -p initramfs/bin initramfs/modules
cp "$(command -v busybox)" initramfs/bin/busybox
n=10
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk \
    crc32c_generic libcrc32c crc16 mbcache jbd2 ext4 libnvdimm nd_btt nd_pmem nfit; do
  file=$(find kernel/lib/modules -name "$module.ko" | head -1)
  [ -z "$file" ] || cp "$file" "initramfs/modules/$n-$module.ko" # else it is a part of the kernel
  n=$((n + 1))
done
cp "$here/init" initramfs/init
chmod +x initramfs/init
(cd initramfs && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >initramfs.gz

# The disk: everything else.
rm -rf disk && mkdir -p disk/{bin,proc,sys,dev,mnt,tmp,lib64,classes}
cp "$(command -v busybox)" disk/bin/busybox
for program in "$(command -v ndctl)" "$(command -v mkfs.ext4)"; do
  cp "$program" disk/bin/
  for library in $(ldd "$program" | grep -o '/[^ ]*'); do
    mkdir -p "disk$(dirname "$library")"
    cp -L "$library" "disk$library"
  done
done
for library in /lib/x86_64-linux-gnu/{libdl,libpthread,libm,librt}.so.*; do cp -L "$library" "disk$library"; done
rm -rf disk/jre
"$jdk/bin/jlink" --add-modules java.base,jdk.nio.mapmode,jdk.unsupported --strip-debug --generate-cds-archive --output disk/jre >jlink.log 2>&1
IFS=:
for entry in $classpath; do
  case "$entry" in
    */org/plinius/*.jar | */target/*.jar) cp "$entry" disk/classes/ ;;
    *.jar) ;; # the tests' own libraries: the program in the machine uses none
    *) [ ! -d "$entry" ] || cp -r "$entry/." disk/classes/ ;;
  esac
done
unset IFS
cp "$here/run" disk/run
chmod +x disk/run
truncate -s 300M disk.img.new
mkfs.ext4 -q -F -d disk disk.img.new >/dev/null
mv disk.img.new disk.img
