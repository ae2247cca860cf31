"""03 Skip connections: ResNet, DenseNet, U-Net, FC-DenseNet."""
