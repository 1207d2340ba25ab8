#!/bin/sh
# SPDX-License-Identifier: MIT
# A script that doesn't end is a time-out.
#
# boot hang: --timeout 45
# exit: 124

sleep 1000
