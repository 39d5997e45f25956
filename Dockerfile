# The service as an image: docker build -t meldpunt .
# The first stage compiles, the second holds one binary and what it links to.

FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev make pkg-config \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /build
ENV CARGO_INCREMENTAL=0
ARG FEATURES="postgres-tls,s3,jemalloc"

# The dependencies first, around an empty crate: this layer is built again only when they change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it \
 && echo 'fn main() {}' | tee src/main.rs > tests/it/main.rs \
 && touch src/lib.rs \
 && cargo build --release --locked --features "$FEATURES" \
 && rm -r src tests

COPY build.rs ./
COPY migrations migrations
COPY src src
# Cargo goes by the time of a file, and that of a checkout may lie before the empty crate's.
RUN touch src/main.rs src/lib.rs \
 && cargo build --release --locked --features "$FEATURES" --bin meldpunt

FROM debian:trixie-slim
# The authorities that are trusted for mail and for PostgreSQL (sslrootcert=system) are in /etc/ssl/certs.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3t64 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --system --gid 10001 meldpunt \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/meldpunt --shell /usr/sbin/nologin meldpunt \
 && install -d -o meldpunt -g meldpunt -m 0750 /var/lib/meldpunt /var/lib/meldpunt/attachments \
 && install -d -o meldpunt -g meldpunt -m 0755 /run/meldpunt/owner /run/meldpunt/service
COPY LICENSE /usr/share/doc/meldpunt/
COPY --from=build /build/target/release/meldpunt /usr/local/bin/

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Meldpunt" \
      org.opencontainers.image.description="Ticketing service of the Dutch reporting point for obstructive regulation" \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"

USER 10001:10001
WORKDIR /var/lib/meldpunt
# Alone it runs on SQLite and keeps its mail as files, all in the one folder that wants a volume.
ENV MELDPUNT_LISTEN=0.0.0.0:8080 \
    MELDPUNT_LOG_FORMAT=json \
    DATABASE_URL=sqlite:///var/lib/meldpunt/meldpunt.db \
    MELDPUNT_MAIL=file:///var/lib/meldpunt/mail \
    MELDPUNT_ATTACHMENTS=file:///var/lib/meldpunt/attachments
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["meldpunt", "healthcheck"]
ENTRYPOINT ["meldpunt"]
CMD ["serve"]
