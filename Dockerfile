# The command rdb in a small image: docker build -t rdb . && docker run --rm rdb --help
# The first stage is the one of `make dist`; the second has glibc, certificates and the command, and runs as nobody.
FROM swift:6.3-bookworm AS build
# The versions are those of the base image's release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
      ca-certificates liblz4-dev liblzf-dev libpcre2-dev libsqlite3-dev libzstd-dev make pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make dist \
    && mkdir /image \
    && tar -xzf out/dist/swift-rdb-*.tar.gz -C /image --strip-components=1

FROM debian:12-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/bin/rdb /usr/local/bin/rdb
COPY --from=build /image/share/doc/rdb /usr/local/share/doc/rdb
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/rdb"]
