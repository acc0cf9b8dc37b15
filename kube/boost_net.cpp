// SPDX-License-Identifier: Apache-2.0
// Asio's and Beast's sources, compiled once for the whole project (see the root meson.build).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
