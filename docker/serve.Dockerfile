# Serving an exported model on a CPU, without TensorFlow or Keras.
#
#   docker build -f docker/serve.Dockerfile -t gplinker-serve .
#   docker run --rm -p 8000:8000 -v "$PWD/ONNX":/model:ro gplinker-serve
#
# ONNX is a folder of `gplinker export --format onnx`.
FROM python:3.11-slim

WORKDIR /opt/gplinker-kit
COPY setup.py pyproject.toml README.md LICENSE ./
COPY constraints constraints
COPY gplinker_kit gplinker_kit
RUN pip install --no-cache-dir -c constraints/keras3.txt '.[serve,onnx]' \
 && useradd --create-home gplinker

USER gplinker
WORKDIR /model
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["gplinker", "serve", "--model", "/model", "--host", "0.0.0.0", "--port", "8000"]
