"""Section 5 of the protocol once more, in nothing but Python's own integers and hashes.

Reads lines 'name value' (integers in hex, texts as they are) and writes the results in the same form. The primes are
computed from their definition (RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c)), not copied.
Argon2id is not in Python's library: x is an input.
"""
import hashlib
import hmac
import sys

ADDEND = {3072: 1690314, 4096: 240904, 6144: 929484, 8192: 4743158}
GENERATOR = {3072: 5, 4096: 5, 6144: 5, 8192: 19}
LABEL = b"urn:x-xtls:1 srp-psk"


def pi(bits):
    """floor(2^bits * pi) by Machin's formula, with guard bits."""
    unit = 1 << (bits + 64)

    def arctan_of_one_over(x):
        power, total, n, sign = unit // x, 0, 1, 1
        while power:
            total += sign * (power // n)
            power //= x * x
            n += 2
            sign = -sign
        return total

    return (4 * (4 * arctan_of_one_over(5) - arctan_of_one_over(239))) >> 64


def prime(bits):
    return (1 << bits) - (1 << (bits - 64)) - 1 + (1 << 64) * (pi(bits - 130) + ADDEND[bits])


def number(*parts):
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


def hkdf(ikm, info):
    key = hmac.new(LABEL, ikm, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()


def with_length(text):
    octets = text.encode()
    return len(octets).to_bytes(2, "big") + octets


given = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
bits = int(given["group"])
N, g = prime(bits), GENERATOR[bits]
a, b, x = (int(given[name], 16) for name in ("a", "b", "x"))


def pad(value):
    return value.to_bytes(bits // 8, "big")


k = number(pad(N), pad(g))
v = pow(g, x, N)
A = pow(g, a, N)
B = (k * v + pow(g, b, N)) % N
u = number(pad(A), pad(B))
S = pow(B - k * pow(g, x, N), a + u * x, N)
assert S == pow(A * pow(v, u, N), b, N)

names = with_length(given["initiator"]) + with_length(given["responder"])
verify = hkdf(pad(S), b"verify" + names)
exported = bytes.fromhex(given["exported"])
for name, value in {
    "N": N,
    "v": v,
    "A": A,
    "B": B,
    "S": S,
}.items():
    print(name, pad(value).hex())
print("psk", hkdf(pad(S), names).hex())
print("by-initiator", hmac.new(verify, b"initiator" + exported, hashlib.sha256).hexdigest())
print("by-responder", hmac.new(verify, b"responder" + exported, hashlib.sha256).hexdigest())
