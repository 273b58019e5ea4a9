/**
 * trust_vectors.h - a CA without constraints and what is under it, made by the
 * openssl program, valid at VECTOR_NOW_S for ten years. The private keys are
 * gone.
 */
#ifndef TESTS_HSM_TRUST_VECTORS_H
#define TESTS_HSM_TRUST_VECTORS_H

/* CN=meters: path length 0, nothing else. */
static const char meters_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBeTCCASCgAwIBAgIBATAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNNDYxMTE3MTIzODEx\n"
    "WjAjMRAwDgYDVQQKDAdFeGFtcGxlMQ8wDQYDVQQDDAZtZXRlcnMwWTATBgcqhkjO\n"
    "PQIBBggqhkjOPQMBBwNCAASOORTLdFz06WKzrE5CpJFHDNcU2RZ6KMYSZ66aSK33\n"
    "kcmRBE2YcC7Ei8oK0El/TUYQcsKuUW2e6yukYxwsP3M6o0UwQzASBgNVHRMBAf8E\n"
    "CDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU+3pZCD/Dk9xOP6DA\n"
    "c1ANKpur3PYwCgYIKoZIzj0EAwIDRwAwRAIga7FnecETbqBAQIvHQ9d13AjHViHB\n"
    "6tCVhC9X0LgB6CcCIGPlxTA/a1TSs6zSvYSoxf4wGgrRtGST+chV2bVi4imU\n"
    "-----END CERTIFICATE-----\n";

/* Another CA of the same name. */
static const char namesake_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASCgAwIBAgIBAjAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNNDYxMTE3MTIzODEx\n"
    "WjAjMRAwDgYDVQQKDAdFeGFtcGxlMQ8wDQYDVQQDDAZtZXRlcnMwWTATBgcqhkjO\n"
    "PQIBBggqhkjOPQMBBwNCAASlygFk38q3JSEsPJXQCsFvT0/TEnTWi8ytJdPF4ZDz\n"
    "7e/U9Zd3LObts7hgdQvY5U04HMUC+wtLL+Wm9Jauzeulo0UwQzASBgNVHRMBAf8E\n"
    "CDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUAaGetgoeXx5YmW1E\n"
    "iOvCBhapw64wCgYIKoZIzj0EAwIDSAAwRQIhAIzN4hm7QaaTcKkF3apTYgeplPQa\n"
    "ma2XdPbaz7kB+3UAAiBwONL0MBxC6Ua2YAnOW+JYx9h+x8+QC0AvKsTAuqxy3w==\n"
    "-----END CERTIFICATE-----\n";

/* Under meters, as are all below: clientAuth, a URI. */
static const char plain_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwTCCAWegAwIBAgIBEDAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNMzYxMTE5MTIzODEx\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDE2MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE25wkAXmRumoMK/rSYvO0oFhgdPQfdGNu\n"
    "r4bsV9OyL6x5Th/GGErOVeQDsrVjgjvbjwChvq1CaBpDhwNUtajgpqOBhDCBgTAT\n"
    "BgNVHSUEDDAKBggrBgEFBQcDAjAqBgNVHREEIzAhhh91cm46ZGV2Om9wczowMDU3\n"
    "RjItV00yMDAtMDAwMDE4MB0GA1UdDgQWBBTpGK14WVv5sJi15VnCxfDHcUloYTAf\n"
    "BgNVHSMEGDAWgBT7elkIP8OT3E4/oMBzUA0qm6vc9jAKBggqhkjOPQQDAgNIADBF\n"
    "AiAQUiiPuBCQmuWzn/RQDNVwztO7SKoWNKYEFJ3MvtDFnwIhANIdb7TrLpw55YkP\n"
    "2fx5SBYE0yFAOuGKfP3IUBDpeBt/\n"
    "-----END CERTIFICATE-----\n";

/* clientAuth, digitalSignature, key identifiers. */
static const char full_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBozCCAUmgAwIBAgIBETAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNMzYxMTE5MTIzODEx\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDE3MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1VPWtzEOBcw9Mhh953AD8JfjC/K+q5im\n"
    "UamdH9ywlrX3vnjXY4T6Qc3cRViYPBo27m9x7JOdkkYGYub3JPFsEKNnMGUwEwYD\n"
    "VR0lBAwwCgYIKwYBBQUHAwIwDgYDVR0PAQH/BAQDAgeAMB0GA1UdDgQWBBT+9EuZ\n"
    "NRWDcc1kbQx2bsJxpTOiqDAfBgNVHSMEGDAWgBT7elkIP8OT3E4/oMBzUA0qm6vc\n"
    "9jAKBggqhkjOPQQDAgNIADBFAiEArjS60eJo9/20RkFTNxfe93H4y5EScQhIPLxY\n"
    "r+2vhBMCIBqZkdtdb6fp3VZYgwEXFEwduEtqy2UieSl/ACypOxmh\n"
    "-----END CERTIFICATE-----\n";

/* Its authority key identifier also names issuer and serial number. */
static const char issuer_too_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwTCCAWegAwIBAgIBEjAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNMzYxMTE5MTIzODEx\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDE4MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9S9zDgWI2BMkN9DtfEa6XDpPWNjNxljk\n"
    "vQ4gJcigjzZkq5kY1MliiRP1zPwzJvZPgNk06ILMG8prDkS06uQQEqOBhDCBgTAT\n"
    "BgNVHSUEDDAKBggrBgEFBQcDAjBLBgNVHSMERDBCgBT7elkIP8OT3E4/oMBzUA0q\n"
    "m6vc9qEnpCUwIzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UEAwwGbWV0ZXJzggEB\n"
    "MB0GA1UdDgQWBBTPFChbTntjs2TnTgqy2yuGbXdqtDAKBggqhkjOPQQDAgNIADBF\n"
    "AiBRD+i1ajxpa8Lty3gJi6D1f1m3Ij7WsFt8/5xLYDXO4QIhAMN77j6uC9C56Zz1\n"
    "zlNTBZPun5KsBvy2fjw4NgzWFftR\n"
    "-----END CERTIFICATE-----\n";

/* Netscape's certificate type: a server. */
static const char netscape_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkDCCATegAwIBAgIBEzAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNMzYxMTE5MTIzODEx\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDE5MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEc6QelBpaoCaDS6XkhVxSpefBl1ANLh3j\n"
    "edqlcDftX38HXthE3Nkq8GjgSEAIYKs+/4mvdnxtVnshleslpi7+raNVMFMwEQYJ\n"
    "YIZIAYb4QgEBBAQDAgZAMB0GA1UdDgQWBBQpdZNAKzK8UcUCKlRdOTrmnX8K7DAf\n"
    "BgNVHSMEGDAWgBT7elkIP8OT3E4/oMBzUA0qm6vc9jAKBggqhkjOPQQDAgNHADBE\n"
    "AiBu2DJ9lbylWQvWiAJOBD5BxL8/GQeMPTiPl6arBeJjhAIgedrvucVNKbV+Ptub\n"
    "9mcl0IJFKXTi9SCWXzwDNv5wYek=\n"
    "-----END CERTIFICATE-----\n";

/* serverAuth. */
static const char server_only_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkjCCATmgAwIBAgIBFDAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODExWhcNMzYxMTE5MTIzODEx\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDIwMFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEucBg2JLzT2SjQp2DAg75684Qgcciz6Yv\n"
    "v2ZS1Dw2xBBsstHAdmemicNpFAD0ZONzlCqPXt5doCG3a/NHpILwU6NXMFUwEwYD\n"
    "VR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFEjsNWIupIFN5aXS+aMElIvKZm0a\n"
    "MB8GA1UdIwQYMBaAFPt6WQg/w5PcTj+gwHNQDSqbq9z2MAoGCCqGSM49BAMCA0cA\n"
    "MEQCID6+bAUR8bej7kxgBvxXArjNUJxmLFticpqlLywJe5rlAiB6fivYu3fZ74RM\n"
    "40Cu613EBPM9NPoVbKd5L+fdbvGtBg==\n"
    "-----END CERTIFICATE-----\n";

/* keyAgreement alone. */
static const char agreement_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjjCCATSgAwIBAgIBFTAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODEyWhcNMzYxMTE5MTIzODEy\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDIxMFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkrDNFOajNAsoqLU+fd9lxzx6Cgp1aOR5\n"
    "askaLEVR3fs12BFdGfoUqfF64ixm5M1ebvRdjleUVu75Bfcq8r07baNSMFAwDgYD\n"
    "VR0PAQH/BAQDAgMIMB0GA1UdDgQWBBQ4E3NmEMgeNOFIATbewEwHV2yUdTAfBgNV\n"
    "HSMEGDAWgBT7elkIP8OT3E4/oMBzUA0qm6vc9jAKBggqhkjOPQQDAgNIADBFAiEA\n"
    "qGSuEux4lKIW7IZYWjm18ezglGuRzCK3ZQhOq2Kxc84CIF7PPJn/WtRXUiRdTxQZ\n"
    "sV9QnbQCqEe3lmXWDemQvEz3\n"
    "-----END CERTIFICATE-----\n";

/* As plain, and on the list of meters. */
static const char revoked_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwDCCAWegAwIBAgIBFjAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MQ8wDQYDVQQDDAZtZXRlcnMwHhcNMjYxMTIyMTIzODEyWhcNMzYxMTE5MTIzODEy\n"
    "WjAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAtMDAwMDIyMFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZKmAxK5DCiLyGrV6pL4SJHqsGE0zy4i7\n"
    "HEeZ+kRsfq6Rpasqiaq60IBpm+yaZMCaFxQbdnGMqEs/mw8hUJyxWKOBhDCBgTAT\n"
    "BgNVHSUEDDAKBggrBgEFBQcDAjAqBgNVHREEIzAhhh91cm46ZGV2Om9wczowMDU3\n"
    "RjItV00yMDAtMDAwMDE4MB0GA1UdDgQWBBRr4sFt1fEe9w9GH+/eZTiFGzmB9TAf\n"
    "BgNVHSMEGDAWgBT7elkIP8OT3E4/oMBzUA0qm6vc9jAKBggqhkjOPQQDAgNHADBE\n"
    "AiBU7EagIfxEjlAsoLxvwbqSiZ5QKCrwLnBe54D49hf4AAIgSNUDgOCzrbm1MXTH\n"
    "31hwQkOLhchN+/akTsCy8LUKV00=\n"
    "-----END CERTIFICATE-----\n";

/* Of meters. */
static const char meters_crl[] =
    "-----BEGIN X509 CRL-----\n"
    "MIHPMHgCAQEwCgYIKoZIzj0EAwIwIzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UE\n"
    "AwwGbWV0ZXJzFw0yNjExMjIxMjM4MTJaFw0zNjExMTkxMjM4MTJaMBQwEgIBFhcN\n"
    "MjYxMTIyMTIzODEyWqAOMAwwCgYDVR0UBAMCAQUwCgYIKoZIzj0EAwIDRwAwRAIg\n"
    "ODN/7IAx62Mw2Gfaqa4ZMbaeZGtLvH58oTAjBw72FS0CICcBunQmdDM3/ubHmNPs\n"
    "RUcubQZohhX42OPfXr3oKidO\n"
    "-----END X509 CRL-----\n";

/* Of the CA that shares its name: the same number. */
static const char namesake_crl[] =
    "-----BEGIN X509 CRL-----\n"
    "MIHPMHgCAQEwCgYIKoZIzj0EAwIwIzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UE\n"
    "AwwGbWV0ZXJzFw0yNjExMjIxMjM4MTJaFw0zNjExMTkxMjM4MTJaMBQwEgIBFhcN\n"
    "MjYxMTIyMTIzODEyWqAOMAwwCgYDVR0UBAMCAQYwCgYIKoZIzj0EAwIDRwAwRAIg\n"
    "aO/+amfk6fbYoTcSbcIork9iZKFboEPYVUvRrYsfH/8CIFfZpwblCex8BFW+GgDA\n"
    "Bva58oxwzKr6sQZIKTSOC/RJ\n"
    "-----END X509 CRL-----\n";

#endif
