"""A picture by its words, once: python3 picture.py "a red bicycle" bicycle.png"""

import os
import sys
import uuid

import requests

URL = os.environ.get("IMAGEONCE_URL", "http://127.0.0.1:3000")
PATIENCE = {"Prefer": "wait=50"}


def main(prompt: str, path: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {os.environ['IMAGEONCE_TOKEN']}"
    # With its key the same call may be sent again, should its answer be lost.
    headers = {**PATIENCE, "Idempotency-Key": str(uuid.uuid4())}
    body = {"prompt": prompt, "aspectRatio": "16:9"}
    answer = session.post(f"{URL}/api/visualize/generate", json=body, headers=headers, timeout=60)
    is_existing = answer.json().get("isExisting")
    while answer.ok and answer.json()["status"] in ("queued", "running"):
        answer = session.get(answer.json()["urls"]["self"], headers=PATIENCE, timeout=60)

    generation = answer.json()
    if not answer.ok:
        sys.exit(f"{generation['code']}: {generation['detail']}")
    if generation["status"] != "succeeded":
        sys.exit(f"{generation['error']['code']}: {generation['error']['message']}")
    image = requests.get(generation["imageUrl"], timeout=60)
    image.raise_for_status()
    with open(path, "wb") as file:
        file.write(image.content)
    print("reused" if is_existing else "made", generation["imageUrl"])


if __name__ == "__main__":
    main(*sys.argv[1:3])
