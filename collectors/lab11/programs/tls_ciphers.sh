#!/bin/sh
# tls_ciphers.sh NAME=PORT...: offer each cipher suite alone, by openssl s_client; prints CSV
set -eu
echo "configuration,protocol,cipher,answer"
for pair in "$@"; do
    for protocol in tls1_2 tls1_3; do
        if [ "$protocol" = tls1_3 ]; then
            option=-ciphersuites
            ciphers=TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
        else
            option=-cipher
            ciphers=$(openssl ciphers -s -tls1_2 'ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0')
        fi
        for cipher in $(echo "$ciphers" | tr : ' '); do
            offer=$cipher
            [ "$protocol" = tls1_3 ] || offer=$cipher:@SECLEVEL=0
            answer=refused
            if openssl s_client -connect "127.0.0.1:${pair#*=}" "-$protocol" "$option" "$offer" -brief </dev/null >/dev/null 2>&1; then
                answer=accepted
            fi
            echo "${pair%%=*},$protocol,$cipher,$answer"
        done
    done
done
