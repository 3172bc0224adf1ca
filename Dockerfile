# One service:  docker build --build-arg SERVICE=core -t ispyb-core .
# The site file and the folder of keys are mounted at /etc/ispyb; see docs/how-to/gateway.md.

FROM python:3.11-slim AS build
RUN apt-get update && \
    apt-get install -y --no-install-recommends gcc libc6-dev libmariadb-dev pkg-config
RUN python -m venv /opt/ispyb
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY shared ./shared
COPY services ./services
COPY gateway ./gateway
COPY demo ./demo
RUN /opt/ispyb/bin/pip install --no-cache-dir '.[mysql,ldap]'

FROM python:3.11-slim
ARG SERVICE
RUN test -n "$SERVICE" || { echo "name a service: --build-arg SERVICE=core"; exit 1; }
RUN apt-get update && \
    apt-get install -y --no-install-recommends libmariadb3 && \
    rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home ispyb && \
    mkdir -p /etc/ispyb/keys/public /run/kong && \
    chown -R ispyb:ispyb /etc/ispyb/keys /run/kong
COPY --from=build /opt/ispyb /opt/ispyb
ENV PATH=/opt/ispyb/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ISPYB_SITE=/etc/ispyb/site.yml \
    SERVICE=$SERVICE
WORKDIR /tmp
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD exec ispyb-services serve --service "$SERVICE" --port 8000
