/** Published test vectors that come in documents rather than files. Hexadecimal unless the name says text. */

/** RFC 7914 §12. The last one takes 1 GiB. */
export const SCRYPT = [
  {
    passphraseText: "",
    saltText: "",
    logN: 4,
    r: 1,
    p: 1,
    key: "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442" +
      "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
  },
  {
    passphraseText: "password",
    saltText: "NaCl",
    logN: 10,
    r: 8,
    p: 16,
    key: "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162" +
      "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
  },
  {
    passphraseText: "pleaseletmein",
    saltText: "SodiumChloride",
    logN: 14,
    r: 8,
    p: 1,
    key: "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" +
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  },
  {
    passphraseText: "pleaseletmein",
    saltText: "SodiumChloride",
    logN: 20,
    r: 8,
    p: 1,
    key: "2101cb9b6a511aaeaddbbe09cf70f881ec568d574a2ffd4dabe5ee9820adaa47" +
      "8e56fd8f4ba5d09ffa1c6d927c40f4c337304049e8a952fbcbf45c6fa77a41a4",
  },
] as const;

/** RFC 7914 §8. */
export const SALSA20_8 = {
  input: "7e879a214f3ec9867ca940e641718f26baee555b8c61c1b50df846116dcd3b1d" +
    "ee24f319df9b3d8514121e4b5ac5aa3276021d2909c74829edebc68db8b8c25e",
  output: "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29" +
    "b4393168e3c9e6bcfe6bc5b7a06d96bae424cc102c91745c24ad673dc7618f81",
} as const;

/** RFC 8439 §2.3.2. */
export const CHACHA20_BLOCK = {
  key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  nonce: "000000090000004a00000000",
  counter: 1,
  block: "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e" +
    "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
} as const;

const SUNSCREEN = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
  "sunscreen would be it.";

/** RFC 8439 §2.8.2: the AEAD with a nonce of 12 bytes. */
export const CHACHA20_POLY1305 = {
  key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
  nonce: "070000004041424344454647",
  aad: "50515253c0c1c2c3c4c5c6c7",
  plaintextText: SUNSCREEN,
  sealed: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" +
    "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
    "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691",
} as const;

/** draft-irtf-cfrg-xchacha-03 §2.2.1. */
export const HCHACHA20 = {
  key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  nonce: "000000090000004a0000000031415927",
  subkey: "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc",
} as const;

/** draft-irtf-cfrg-xchacha-03 §A.3.1. */
export const XCHACHA20_POLY1305 = {
  key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
  nonce: "404142434445464748494a4b4c4d4e4f5051525354555657",
  aad: "50515253c0c1c2c3c4c5c6c7",
  plaintextText: SUNSCREEN,
  sealed: "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb" +
    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
    "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
} as const;

const IETF_NOTE = "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF " +
  "Internet-Draft or RFC and any statement made within the context of an IETF activity is considered an " +
  '"IETF Contribution". Such statements include oral statements in IETF sessions, as well as written and electronic ' +
  "communications made at any time or place, which are addressed to";

const JABBERWOCKY = "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n" +
  "All mimsy were the borogoves,\nAnd the mome raths outgrabe.";

function hexOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const ZERO = "00".repeat(16);
const ONES = "ff".repeat(16);

/** A block of which only the first byte is not zero. */
function small(byte: string): string {
  return byte + "00".repeat(15);
}

/** RFC 8439 §2.5.2 and §A.3. From number 5 on they aim at carries and at the final subtraction of p. */
export const POLY1305 = [
  {
    name: "§2.5.2",
    r: "85d6be7857556d337f4452fe42d506a8",
    s: "0103808afb0db2fd4abff6af4149f51b",
    message: hexOf("Cryptographic Forum Research Group"),
    tag: "a8061dc1305136c6c22b8baf0c0127a9",
  },
  { name: "A.3 #1", r: ZERO, s: ZERO, message: ZERO.repeat(4), tag: ZERO },
  {
    name: "A.3 #2",
    r: ZERO,
    s: "36e5f6b5c5e06070f0efca96227a863e",
    message: hexOf(IETF_NOTE),
    tag: "36e5f6b5c5e06070f0efca96227a863e",
  },
  {
    name: "A.3 #3",
    r: "36e5f6b5c5e06070f0efca96227a863e",
    s: ZERO,
    message: hexOf(IETF_NOTE),
    tag: "f3477e7cd95417af89a6b8794c310cf0",
  },
  {
    name: "A.3 #4",
    r: "1c9240a5eb55d38af333888604f6b5f0",
    s: "473917c1402b80099dca5cbc207075c0",
    message: hexOf(JABBERWOCKY),
    tag: "4541669a7eaaee61e708dc7cbcc5eb62",
  },
  { name: "A.3 #5", r: small("02"), s: ZERO, message: ONES, tag: small("03") },
  { name: "A.3 #6", r: small("02"), s: ONES, message: small("02"), tag: small("03") },
  { name: "A.3 #7", r: small("01"), s: ZERO, message: `${ONES}f0${"ff".repeat(15)}${small("11")}`, tag: small("05") },
  { name: "A.3 #8", r: small("01"), s: ZERO, message: `${ONES}fb${"fe".repeat(15)}${"01".repeat(16)}`, tag: ZERO },
  { name: "A.3 #9", r: small("02"), s: ZERO, message: `fd${"ff".repeat(15)}`, tag: `fa${"ff".repeat(15)}` },
  {
    name: "A.3 #10",
    r: "01000000000000000400000000000000",
    s: ZERO,
    message: `e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000${ZERO}${small("01")}`,
    tag: "14000000000000005500000000000000",
  },
  {
    name: "A.3 #11",
    r: "01000000000000000400000000000000",
    s: ZERO,
    message: `e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000${ZERO}`,
    tag: small("13"),
  },
] as const;
