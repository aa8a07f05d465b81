# syntax=docker/dockerfile:1
# The image of operator and workers: one static program and the certificates of public authorities.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag REGISTRY/loadgate:0.1.0 --push .
#   docker build --tag loadgate:0.1.0 .
#
# Each platform is compiled on the machine that builds, by a cross compiler: under emulation it would take an hour.

# As in rust-toolchain.toml; a test compares.
ARG RUST=1.95.0

FROM --platform=$BUILDPLATFORM rust:${RUST}-slim-bookworm AS build
ARG RUST
ARG TARGETARCH
# Otherwise rust-toolchain.toml would have rustup fetch the formatter and clippy, too.
ENV RUSTUP_TOOLCHAIN=${RUST}

# The linker and C compiler for the target; some of the cryptography is C and assembler.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked,id=apt-cache \
    --mount=type=cache,target=/var/lib/apt,sharing=locked,id=apt-lists \
    set -eu; \
    case "$TARGETARCH" in \
        amd64) machine=x86_64; packages='gcc-x86-64-linux-gnu libc6-dev-amd64-cross' ;; \
        arm64) machine=aarch64; packages='gcc-aarch64-linux-gnu libc6-dev-arm64-cross' ;; \
        *) echo "there is no image for $TARGETARCH: amd64 and arm64 are built" >&2; exit 1 ;; \
    esac; \
    # A package for the machine's own kind has its plain name.
    if [ "$(dpkg --print-architecture)" = "$TARGETARCH" ]; then packages='gcc libc6-dev'; fi; \
    apt-get update; \
    apt-get install --yes --no-install-recommends ca-certificates $packages; \
    rustup target add "$machine-unknown-linux-gnu"; \
    echo "$machine" >/machine

WORKDIR /build
COPY . .

# With a named target the flags go to the program only, not to what runs while it is built. Linked statically, glibc
# still resolves names by itself where there is no nsswitch.conf, by hosts and DNS.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked,id=cargo-registry \
    --mount=type=cache,target=/build/target,id=cargo-target-${TARGETARCH} \
    set -eu; \
    machine="$(cat /machine)"; target="$machine-unknown-linux-gnu"; \
    if [ "$(dpkg --print-architecture)" = "$TARGETARCH" ]; then compiler=gcc; else compiler="$machine-linux-gnu-gcc"; fi; \
    export "CC_$(echo "$target" | tr - _)=$compiler"; \
    export "CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_LINKER=$compiler"; \
    RUSTFLAGS='-C target-feature=+crt-static' \
        cargo build --release --locked --bin loadgate --target "$target"; \
    # The cache isn't part of the image.
    install -D "target/$target/release/loadgate" /image/loadgate; \
    install -D --mode=644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /image /
# Nobody's number. Kubernetes can tell that it isn't root only from a number.
USER 65532:65532
ENTRYPOINT ["/loadgate"]
