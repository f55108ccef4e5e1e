#!/bin/sh
# check_symbols.sh BUILD_FOLDER [NM]: fails unless each kernel object exports its table and nothing else.
#
# A weak symbol (an inline function or a template that another unit also has) compiled for AVX-512 could be the copy that
# the linker keeps for everybody, and crash an older machine.
set -eu

build=${1:?usage: check_symbols.sh BUILD_FOLDER [NM]}
nm=${2:-nm}
failed=0
count=0

for object in "$build"/CMakeFiles/conv1d_core.dir/native/kernels/kernels_*.cc.o; do
  [ -e "$object" ] || continue
  count=$((count + 1))
  name=${object##*/}
  symbols=$("$nm" -C "$object")

  # nm's second-to-last column is the type: W w V v weak, u unique; upper case is visible to other units, U only used.
  weak=$(printf '%s\n' "$symbols" | sed -n 's/^[0-9a-f ]* \([WwVvu]\) /\1 /p')
  exported=$(printf '%s\n' "$symbols" | sed -n 's/^[0-9a-f]* \([ABCDGRST]\) /\1 /p')
  others=$(printf '%s\n' "$exported" | grep -vE '^[DR] conv1d::k[A-Z][A-Za-z0-9]*Kernels$' || true)
  tables=$(printf '%s\n' "$exported" | grep -cE '^[DR] conv1d::k[A-Z][A-Za-z0-9]*Kernels$' || true)

  if [ -n "$weak" ]; then
    printf '%s: weak symbols, which the linker may pick for other units:\n%s\n' "$name" "$weak"
    failed=1
  fi
  if [ -n "$others" ]; then
    printf '%s: exports more than its table (use an anonymous namespace):\n%s\n' "$name" "$others"
    failed=1
  fi
  if [ "$tables" -ne 1 ]; then
    printf '%s: exports %s kernel tables instead of 1\n' "$name" "$tables"
    failed=1
  fi
done

if [ "$count" -eq 0 ]; then
  echo "no kernel objects below $build: build it first"
  exit 1
fi
[ "$failed" -eq 0 ] || exit 1
echo "$count kernel objects export their tables only"
