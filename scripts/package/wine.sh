#!/bin/sh
# Runs a program for Windows: sh wine.sh PROGRAM ARGUMENT..., in the folder WINEPREFIX. Its output goes through files, because Node for
# Windows takes Wine's pipes for no kind of stream that it knows.
PATH=/usr/bin:/bin
/usr/lib/wine/wine64 "$@" </dev/null >"$WINEPREFIX/stdout" 2>"$WINEPREFIX/stderr"
status=$?
cat "$WINEPREFIX/stdout"
cat "$WINEPREFIX/stderr" >&2
exit $status
