package org.xtls.tls;

/** The groups of RFC 5054 Appendix A, without those of 1024 and 1536 bits, which are broken or nearly so. */
public enum SrpGroup {
    /** 2048 bits, g = 2. */
    RFC5054_2048(2048),
    /** 3072 bits, g = 5. */
    RFC5054_3072(3072),
    /** 4096 bits, g = 5. */
    RFC5054_4096(4096),
    /** 6144 bits, g = 5. */
    RFC5054_6144(6144),
    /** 8192 bits, g = 19. */
    RFC5054_8192(8192);

    private final int bits;

    SrpGroup(int bits) {
        this.bits = bits;
    }

    /**
     * The size of the modulus N.
     *
     * @return its length in bits
     */
    public int bits() {
        return bits;
    }
}
