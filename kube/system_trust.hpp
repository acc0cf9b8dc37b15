// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

namespace bulla::kube {

/// Makes `tls` trust the certificate authorities of this machine: those that $SSL_CERT_FILE and
/// $SSL_CERT_DIR name, else OpenSSL's own, else the bundle that another distribution keeps. None at
/// all is not a failure here: then no server can be verified.
void trust_system(boost::asio::ssl::context& tls, boost::system::error_code& failure);

}  // namespace bulla::kube
