#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares our public headers with libxen-dev's; ends with "N passed, N failed".
here=$(dirname "$(readlink -f "$0")")
out=$here/../../build/tests/abi
python3 -B "$here/check.py" build "$out" && exec python3 -B "$here/check.py" run "$out"
