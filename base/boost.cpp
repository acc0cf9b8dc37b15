// SPDX-License-Identifier: Apache-2.0
// Boost.JSON's sources, compiled once for the whole project: Debian's shared library would cost
// every start of kubeseal a load, and its archive lacks nothing that this does not have.
#include <boost/json/src.hpp>
