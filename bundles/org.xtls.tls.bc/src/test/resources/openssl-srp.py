"""What `openssl s_client -srpuser` does, by the same library.

s_client itself hands libssl the address of a stack slot that is gone by the time of the handshake, and dies or not as
the compiler has it (github.com/openssl/openssl/issues/32565; OpenSSL 3.0.22 of Debian 12: segmentation fault).

    python3 openssl-srp.py PORT USER PASSWORD CIPHERS

Writes what the peer sends and what OpenSSL has to say; sends the lines it reads, but for R (renegotiate) and Q (quit).
"""
import ctypes
import os
import select
import socket
import sys
from ctypes import c_char_p, c_int, c_long, c_ulong, c_void_p

TLS1_2_VERSION = 0x0303
SSL_CTRL_SET_MIN_PROTO_VERSION = 123
SSL_CTRL_SET_MAX_PROTO_VERSION = 124

tls = ctypes.CDLL("libssl.so.3")
crypto = ctypes.CDLL("libcrypto.so.3")


def function(library, name, result, *arguments):
    found = library[name]
    found.restype = result
    found.argtypes = arguments
    return found


new_context = function(tls, "SSL_CTX_new", c_void_p, c_void_p)
client_method = function(tls, "TLS_client_method", c_void_p)
control = function(tls, "SSL_CTX_ctrl", c_long, c_void_p, c_int, c_long, c_void_p)
set_ciphers = function(tls, "SSL_CTX_set_cipher_list", c_int, c_void_p, c_char_p)
set_user = function(tls, "SSL_CTX_set_srp_username", c_int, c_void_p, c_char_p)
set_password = function(tls, "SSL_CTX_set_srp_password", c_int, c_void_p, c_char_p)
new_connection = function(tls, "SSL_new", c_void_p, c_void_p)
set_socket = function(tls, "SSL_set_fd", c_int, c_void_p, c_int)
connect = function(tls, "SSL_connect", c_int, c_void_p)
read = function(tls, "SSL_read", c_int, c_void_p, c_char_p, c_int)
write = function(tls, "SSL_write", c_int, c_void_p, c_char_p, c_int)
pending = function(tls, "SSL_pending", c_int, c_void_p)
renegotiate = function(tls, "SSL_renegotiate", c_int, c_void_p)
handshake = function(tls, "SSL_do_handshake", c_int, c_void_p)
shutdown = function(tls, "SSL_shutdown", c_int, c_void_p)
next_error = function(crypto, "ERR_get_error", c_ulong)
error_text = function(crypto, "ERR_error_string_n", None, c_ulong, c_char_p, ctypes.c_size_t)


def say(what):
    os.write(1, what + b"\n")


def demand(result):
    """Ends with OpenSSL's own words if a call has failed."""
    if result is not None and result > 0:
        return result
    text = ctypes.create_string_buffer(256)
    code = next_error()
    while code:
        error_text(code, text, len(text))
        say(text.value)
        code = next_error()
    sys.exit(1)


def main():
    port, user, password, ciphers = sys.argv[1:]
    context = demand(new_context(client_method()))
    demand(control(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, None))
    demand(control(context, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_2_VERSION, None))
    demand(set_ciphers(context, ciphers.encode()))
    demand(set_user(context, user.encode()))
    demand(set_password(context, password.encode()))

    connection = demand(new_connection(context))
    line = socket.create_connection(("127.0.0.1", int(port)))
    demand(set_socket(connection, line.fileno()))
    demand(connect(connection))
    say(b"CONNECTED")

    plaintext = ctypes.create_string_buffer(16384)
    while True:
        ready, _, _ = select.select([0, line], [], [])
        if line in ready:
            say(plaintext[: demand(read(connection, plaintext, len(plaintext)))])
            while pending(connection):
                say(plaintext[: demand(read(connection, plaintext, len(plaintext)))])
        if 0 in ready:
            told = os.read(0, 16384)
            if told in (b"", b"Q\n"):
                shutdown(connection)
                return
            if told == b"R\n":
                say(b"RENEGOTIATING")
                demand(renegotiate(connection))
                demand(handshake(connection))
            else:
                demand(write(connection, told, len(told)))


main()
