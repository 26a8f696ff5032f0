# The machine that a job runs in, in an account: Ubuntu 22.04, amd64. docs/image.md says how it differs from ubuntu-latest.
# The tag is the version of @cloudflare/sandbox in package.json: a test compares them.
FROM docker.io/cloudflare/sandbox:0.12.10

SHELL ["/bin/bash", "-eo", "pipefail", "-c"]

RUN curl -fsSL -o /usr/share/keyrings/githubcli.gpg https://cli.github.com/packages/githubcli-archive-keyring.gpg \
    && chmod a+r /usr/share/keyrings/githubcli.gpg \
    && echo "deb [arch=amd64 signed-by=/usr/share/keyrings/githubcli.gpg] https://cli.github.com/packages stable main" \
        >/etc/apt/sources.list.d/github-cli.list \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        # compilers
        build-essential autoconf automake bison cmake flex gettext libtool ninja-build pkg-config \
        # what npm and pip packages most often compile against
        libcurl4-openssl-dev libffi-dev libsqlite3-dev libssl-dev libxml2-dev libyaml-dev zlib1g-dev \
        # Python 3.10
        python3 python3-dev python3-pip python3-venv python-is-python3 \
        # what steps on GitHub take for granted; sudo too, though everything runs as root
        gh git-lfs gnupg dnsutils iproute2 iputils-ping locales lsb-release netcat-openbsd openssh-client rsync \
        software-properties-common sqlite3 sudo tree tzdata \
        # servers for services; MariaDB, twice as large as these together, is installed when a job asks for it
        memcached postgresql-common redis-server \
        # archives; tar and zstd carry every cache
        brotli bzip2 p7zip-full tar xz-utils zstd \
    # Each service makes a cluster of its own.
    && sed -ri 's/#?(create_main_cluster) .*/\1 = false/' /etc/postgresql-common/createcluster.conf \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/* \
    && locale-gen en_US.UTF-8

# yarn and pnpm in the version that a project's package.json names.
RUN node /usr/local/lib/node_modules/corepack/dist/corepack.js enable --install-directory /usr/local/bin

# As src/sandbox/supervisor.ts expects them: the workspace, HOME and RUNNER_TOOL_CACHE. Backups are taken of folders under
# /workspace, /home and /tmp only, so HOME is none of root's own.
RUN mkdir -p /workspace /home/ci /opt/hostedtoolcache

# The SDK's interpreters for notebooks would be started in every sandbox; builds don't use them.
ENV JAVASCRIPT_POOL_MIN_SIZE=0 TYPESCRIPT_POOL_MIN_SIZE=0 PYTHON_POOL_MIN_SIZE=0 \
    # Read by actions that choose what to download.
    ImageOS=ubuntu22
