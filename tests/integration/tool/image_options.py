"""Options that make an image of each format, beside the defaults."""
import os

KEYS = os.path.join(os.environ["VECTORS"], "esp-nvs-keys-0x1000.bin")
OPTIONS = {
    "esp-nvs": [[], ["--partition", "0x6000", "--namespace", "factory",
                     "--nvs-version", "1"],
                ["--nvs-keys", KEYS]],
    "ihex": [["--address", "0x000FC000"],
             ["--address", "0x1fff8", "--carry", "senml-cbor"],
             ["--address", "0x9000", "--carry", "esp-nvs", "--partition",
              "16KiB"],
             ["--address", "0xfa000", "--carry", "zephyr-nvs", "--sector",
              "8KiB"],
             ["--address", "0x0", "--payload", "lwm2m-cbor"]],
    "json": [[]],
    "lwm2m-cbor": [[]],
    "nrf91-at": [[], ["--security-tag", "35724862"]],
    "raw": [[], ["--partition", "8192B", "--offset", "4KiB", "--payload",
                 "tlv-smartcard", "--generation", "7"]],
    "senml-cbor": [[], ["--base-names"]],
    "tlv-smartcard": [[], ["--partition", "256B", "--card-version", "1.2"]],
    "uf2": [["--address", "0x000FC000", "--family", "nrf52840"],
            ["--address", "0x103F0000", "--family", "0xE48BFF56", "--carry",
             "zephyr-nvs"]],
    "zephyr-nvs": [[], ["--partition", "32KiB", "--write-block", "16",
                        "--data-crc", "--value-max", "64"]],
}
