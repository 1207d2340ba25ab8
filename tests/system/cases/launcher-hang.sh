#!/bin/sh
# SPDX-License-Identifier: MIT
# A script that doesn't end is a time-out, and the hypervisor says where its vcpus are.
#
# boot hang: --timeout 60
# exit: 124
# console: key q: domains and vcpus
# console: key e: event channels

sleep 1000
